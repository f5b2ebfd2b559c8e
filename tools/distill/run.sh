#!/bin/sh
# Makes the network slim, in two hours and three quarters on two cores:
#
#	[FIRST=2000 EACH=1400] run.sh NST VGG19 DATA APART OUT
#
# NST is the program, VGG19 the teacher as nst keeps it, DATA a folder with photos, paintings
# and textures, APART pictures that must not be learnt from, by which the network is judged;
# OUT a folder. FIRST steps are taken on pictures that are there, then in each of eight rounds
# pictures are painted and EACH steps taken, all at 0.4 s (AVX2). What is left is
# OUT/slim.safetensors. What is in OUT already is not made again: a run that was stopped goes on
# with the stage that it was at.
set -eu
first=${FIRST:-2000} each=${EACH:-1400}
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
	"$here/paint.sh" "$nst" "$out/$2.safetensors" "$out/data" "$out/painted$1" 50 "${1}1" &
	"$here/paint.sh" "$nst" "$out/$2.safetensors" "$out/data" "$out/painted${1}b" 50 "${1}2"
	wait
}

# learn FOLDER SHARE prints the options for the pictures of a round.
learn() {
	echo "--pictures $1=$2 --pictures $1b=$2 --pairs $1/pairs.tsv --pairs $1b/pairs.tsv"
}

# rounds FIRST LAST AFTER RATE NETWORK OPTIONS: rounds of painting, at first by NETWORK. Their
# steps end a curve of the rate that was begun so many steps before.
rounds() {
	last=$2 end=$(($3 + ($2 - $1 + 1) * each)) steps=$3 rate=$4 before=$5 older="" round=$1
	shift 5
	while test "$round" -le "$last"; do
		painted "$round" "$before"
		# shellcheck disable=SC2046,SC2086 # lists of options
		train "c$round" --part lower --steps "$end" --after "$steps" --until $((steps + each)) --rate "$rate" --seed $((10 + round)) \
			--start "$out/$before.safetensors" $older $(learn "$out/painted$round" 3) "$@"
		older="$older $(learn "$out/painted$round" 1)" before=c$round steps=$((steps + each)) round=$((round + 1))
	done
}

# upper NAME SEED NETWORK STEPS OPTIONS: the layers above conv4_1 found anew on those of NETWORK. What
# paints must be whole, or it paints by layers that were not taught on those below.
upper() {
	name=$1 seed=$2 before=$3 steps=$4
	shift 4
	train "$name" --part upper --anew conv4_2 --steps "$steps" --rate 4e-4 --seed "$seed" --start "$out/$before.safetensors" "$@"
}

train a --part lower --steps 1 --seed 1
train b --part lower --steps $((first + 5 * each)) --until "$first" --rate 4e-4 --seed 2 --start "$out/a.safetensors"
upper c0 3 b 300
rounds 1 5 "$first" 4e-4 c0
upper d 4 c5 800 --pictures "$out/painted5=1" --pictures "$out/painted5b=1"
rounds 6 8 0 2e-4 d --paired 2 --drawn 0.35
upper slim 5 c8 800 --pictures "$out/painted8=1" --pictures "$out/painted8b=1"
