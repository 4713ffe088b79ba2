// Dear ImGui's vertices: pixels of the window to clip space.
#version 460

layout(location = 0) in vec2 position;
layout(location = 1) in vec2 texture_position;
layout(location = 2) in vec4 color;
layout(push_constant) uniform Push {
  vec2 scale;
  vec2 offset;
};
layout(location = 0) out vec2 fragment_texture_position;
layout(location = 1) out vec4 fragment_color;

void main() {
  fragment_texture_position = texture_position;
  fragment_color = color;
  gl_Position = vec4(position * scale + offset, 0.0, 1.0);
}
