"""embed.py OUT.S MODULE.spv ...: an assembly file that includes the modules and a table of them."""
import os
import sys

out, modules = sys.argv[1], sys.argv[2:]
with open(out, "w") as file:
    file.write(".section .rodata\n")
    for number, path in enumerate(modules):
        name = os.path.basename(path)[:-len(".spv")]
        file.write('name%d: .asciz "%s"\n.balign 4\ncode%d: .incbin "%s"\nend%d:\n'
                   % (number, name, number, path, number))
    file.write(".section .data.rel.ro,\"aw\"\n.balign 8\n.globl impasto_shader_modules\n"
               "impasto_shader_modules:\n")
    for number in range(len(modules)):
        file.write(".quad name%d, code%d, end%d\n" % (number, number, number))
    file.write(".quad 0, 0, 0\n.section .note.GNU-stack,\"\",@progbits\n")
