"""Pictures to judge a checkpoint by: held-out photos in every style.

    python3 contact_sheet.py CHECKPOINT.pt --photos DIR --out SHEET.png [--size 256] [--picks 3,7]
                             [--styles a,b] [--wide]
    python3 contact_sheet.py CHECKPOINT.pt --pictures FILE ... --out SHEET.png
                             [--program IMPASTO --beside MODEL.onnx ...]

Shows the held-out photos that --picks numbers, or the files of --pictures. Rows are photos, columns
the photo, every style, and what other networks make of it (--beside, run by the program). --wide
keeps the photos' shape (`size` is the short side then) and puts each photo's pictures into rows of
four.
"""
import argparse
import os
import subprocess
import tempfile

import torch

import checkpoint
import data

PICKS = "3,1,5,7,10,15,19,20"  # portraits, animals, landscapes, streets, dark scenes


def stylise(net, photo, style):
    with torch.no_grad():
        return net.forward_plain(photo, torch.eye(net.style_count)[style:style + 1])[0]


def stylise_beside(program, model, photo):
    """The photo as another network of one style paints it."""
    with tempfile.TemporaryDirectory() as folder:
        source, result = (os.path.join(folder, name) for name in ("in.png", "out.png"))
        data.to_picture(photo[0]).save(source)
        subprocess.run([program, "apply", source, result, "--model", model, "--quiet"], check=True)
        return data.to_tensor(data.read_picture(result))[0]


def grid(tiles, columns):
    blank = torch.ones_like(tiles[0])
    tiles = tiles + [blank] * (-len(tiles) % columns)
    rows = [torch.cat(tiles[i:i + columns], 2) for i in range(0, len(tiles), columns)]
    return torch.cat(rows, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--photos", help="folder of photographs, the held-out ones of which count")
    source.add_argument("--pictures", nargs="+", help="any pictures instead")
    parser.add_argument("--out", required=True)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--picks", default=PICKS, help="numbers of held-out photos")
    parser.add_argument("--styles", help="names; default all")
    parser.add_argument("--wide", action="store_true")
    parser.add_argument("--program", default="impasto")
    parser.add_argument("--beside", nargs="+", default=[], help="ONNX files of one style each")
    options = parser.parse_args()
    torch.set_num_threads(1)
    net, state = checkpoint.load_network(options.checkpoint)
    names = checkpoint.style_names(state)
    chosen = options.styles.split(",") if options.styles else names[1:]
    paths = options.pictures
    if not paths:
        _, held_out = data.photo_paths(options.photos)
        paths = [held_out[int(pick)] for pick in options.picks.split(",")]
    parts = []
    for path in paths:
        if options.wide:
            photo = data.crop_to_multiple(
                data.to_tensor(data.read_picture(path, short_side=options.size)))
        else:
            photo = data.center_square(path, options.size)
        tiles = [photo[0]] + [stylise(net, photo, names.index(name)) for name in chosen]
        tiles += [stylise_beside(options.program, model, photo) for model in options.beside]
        parts.append(grid(tiles, 4 if options.wide else len(tiles)))
    width = max(part.shape[2] for part in parts)
    parts = [torch.nn.functional.pad(p, (0, width - p.shape[2]), value=1.0) for p in parts]
    data.to_picture(torch.cat(parts, 1)).save(options.out)


if __name__ == "__main__":
    main()
