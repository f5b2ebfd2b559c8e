#!/bin/sh
# Makes a network like slim, in about an hour and a half on two cores:
#
#	[FIRST=3000 ROUNDS=5 EACH=1200] run.sh NST VGG19 DATA APART OUT
#
# NST is the program, VGG19 the teacher as nst keeps it, DATA a folder with photos, paintings
# and textures, APART pictures that must not be learnt from, by which the network is judged;
# OUT a folder. FIRST steps are taken on pictures that are there, then in each of some ROUNDS
# pictures are painted and EACH steps taken, all at 0.4 s (AVX2). What is left is
# OUT/slim.safetensors. What is in OUT already is not made again: a run that was stopped goes on
# with the stage that it was at.
set -eu
first=${FIRST:-3000} rounds=${ROUNDS:-5} each=${EACH:-1200}
test $# = 5 || {
	echo "usage: $0 NST VGG19 DATA APART OUT" >&2
	exit 2
}
nst=$1 teacher=$2 data=$3 apart=$4 out=$5
here=$(dirname "$0") python=${PYTHON:-/usr/bin/python3}
mkdir -p "$out/data"
export OPENBLAS_NUM_THREADS=1
for folder in photos paintings textures; do ln -sfn "$(realpath "$data/$folder")" "$out/data/$folder"; done
(cd "$here" && CGO_ENABLED=0 "${GO:-go}" build -o "$(realpath "$out")/teacher" ./teacher)
test -e "$out/data/drawn" || "$python" "$here/draw.py" "$out/data/drawn" 60 11 "$data/photos" "$data/paintings"

# train NAME OPTIONS makes OUT/NAME.safetensors, and NAME.log.
train() {
	name=$1
	shift
	test -e "$out/$name.safetensors" && return
	"$python" "$here/train.py" --program "$out/teacher" --teacher "$teacher" --apart "$apart" --apart "$here/../../testdata/images" \
		--judge "$apart" --judge "$here/../../testdata/images" \
		--pictures "$data/photos=4" --pictures "$data/paintings=4" --pictures "$data/textures=1" --drawn 0.2 \
		--out "$out/$name.partly" "$@" > "$out/$name.log" 2>&1 || {
		tail -n 3 "$out/$name.log" >&2
		return 1
	}
	mv "$out/$name.partly" "$out/$name.safetensors"
}

# painted ROUND NETWORK makes the pictures of a round, by two at a time.
painted() {
	"$here/paint.sh" "$nst" "$out/$2.safetensors" "$out/data" "$out/painted$1" 40 "${1}1" &
	"$here/paint.sh" "$nst" "$out/$2.safetensors" "$out/data" "$out/painted${1}b" 40 "${1}2"
	wait
}

train a --part lower --steps 1 --seed 1
train b --part lower --steps "$first" --rate 4e-4 --seed 2 --start "$out/a.safetensors"
# What paints must be whole, or it paints by layers that were not taught on those below.
train c0 --part upper --anew conv4_2 --steps 300 --rate 4e-4 --seed 3 --start "$out/b.safetensors"
learnt=""
for round in $(seq "$rounds"); do
	before=c$((round - 1))
	painted "$round" "$before"
	for folder in "$out/painted$round" "$out/painted${round}b"; do
		learnt="$learnt --pictures $folder=2 --pairs $folder/pairs.tsv"
	done
	# shellcheck disable=SC2086 # a list of options
	train "c$round" --part lower --steps $((rounds * each)) --after $((each * (round - 1))) --until $((each * round)) --rate 1.5e-4 --seed $((10 + round)) \
		--start "$out/$before.safetensors" $learnt
done
train slim --part upper --anew conv4_2 --steps 800 --rate 4e-4 --seed 4 --start "$out/c$rounds.safetensors" \
	--pictures "$out/painted$rounds=1" --pictures "$out/painted${rounds}b=1"
