#!/bin/sh
# Makes the network slim anew, in about two hours on two cores, at half a second a step:
#
#	run.sh NST VGG19 DATA APART OUT
#
# NST is the program, VGG19 the teacher as nst keeps it, DATA a folder with photos, paintings
# and textures, APART pictures that must not be learnt from, by which the network is judged;
# OUT a folder. OUT/slim.safetensors is what comes with the program.
set -eu
nst=$1 teacher=$2 data=$3 apart=$4 out=$5
here=$(dirname "$0") python=${PYTHON:-/usr/bin/python3}
mkdir -p "$out/data"
export OPENBLAS_NUM_THREADS=1
for folder in photos paintings textures; do ln -sfn "$(realpath "$data/$folder")" "$out/data/$folder"; done
"$python" "$here/draw.py" "$out/data/drawn" 60 11 "$data/photos" "$data/paintings"

train() {
	"$python" "$here/train.py" --teacher "$teacher" --apart "$apart" --apart "$here/../../testdata/images" \
		--judge "$apart" --judge "$here/../../testdata/images" \
		--pictures "$data/photos=4" --pictures "$data/paintings=4" --pictures "$data/textures=1" --drawn 0.2 "$@"
}

train --part lower --steps 1 --seed 1 --out "$out/a.safetensors"
train --part lower --steps 7500 --until 3000 --rate 4e-4 --seed 2 --start "$out/a.safetensors" --out "$out/b.safetensors"
"$here/paint.sh" "$nst" "$out/b.safetensors" "$out/data" "$out/painted1" 50 21 &
"$here/paint.sh" "$nst" "$out/b.safetensors" "$out/data" "$out/painted2" 50 22
wait
train --part lower --steps 7000 --after 3000 --rate 4e-4 --seed 3 --start "$out/b.safetensors" \
	--pictures "$out/painted1=3" --pictures "$out/painted2=3" --pairs "$out/painted1/pairs.tsv" --pairs "$out/painted2/pairs.tsv" --out "$out/c.safetensors"
train --part upper --anew conv4_2 --steps 800 --rate 4e-4 --seed 4 --start "$out/c.safetensors" \
	--pictures "$out/painted1=1" --pictures "$out/painted2=1" --out "$out/slim.safetensors"
