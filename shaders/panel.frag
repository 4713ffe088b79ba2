// The font, a thumbnail or the picture itself, times the vertices' colour; all values as coded.
#version 460

layout(location = 0) in vec2 texture_position;
layout(location = 1) in vec4 color;
layout(set = 0, binding = 0) uniform sampler2D picture;
layout(location = 0) out vec4 result;

void main() {
  result = color * texture(picture, texture_position);
}
