#!/bin/sh
# Makes the network slim anew, in three hours or four:
#
#	run.sh NST VGG19 DATA APART OUT
#
# NST is the program, VGG19 the teacher as nst keeps it, DATA a folder with photos, paintings
# and textures, APART pictures that must not be learnt from, by which the network is judged;
# OUT a folder. OUT/slim.safetensors is what comes with the program.
set -eu
nst=$1 teacher=$2 data=$3 apart=$4 out=$5
here=$(dirname "$0")
mkdir -p "$out"
export OPENBLAS_NUM_THREADS=1

train() {
	${PYTHON:-/usr/bin/python3} "$here/train.py" --teacher "$teacher" --apart "$apart" --apart "$here/../../testdata/images" --judge "$apart" \
		--pictures "$data/photos=4" --pictures "$data/paintings=4" --pictures "$data/textures=1" "$@"
}

train --steps 1 --seed 1 --out "$out/a.safetensors"
train --steps 6500 --until 2000 --seed 1 --start "$out/a.safetensors" --out "$out/b.safetensors"
"$here/paint.sh" "$nst" "$out/b.safetensors" "$data" "$out/painted" 140 1
train --steps 3000 --seed 3 --start "$out/b.safetensors" --pictures "$out/painted=4" --out "$out/c.safetensors"
train --steps 5400 --until 3000 --rate 4e-4 --seed 5 --start "$out/c.safetensors" --pictures "$out/painted=6" --out "$out/d.safetensors"
"$here/paint.sh" "$nst" "$out/d.safetensors" "$data" "$out/painted2" 95 4
train --steps 5400 --after 3000 --rate 4e-4 --seed 7 --start "$out/d.safetensors" --pictures "$out/painted=2" --pictures "$out/painted2=4" \
	--pairs "$out/painted/pairs.tsv" --pairs "$out/painted2/pairs.tsv" --out "$out/slim.safetensors"
