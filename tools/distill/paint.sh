#!/bin/sh
# Paints pictures with a network that is being taught, for it to learn from:
#
#	paint.sh NST NETWORK PICTURES OUT COUNT SEED
#
# NST is the program, NETWORK the student so far, PICTURES a folder with photos and
# paintings in it, textures and what draw.py drew. Runs end early or late, from the content or
# from noise, with more or less of the style: what the optimiser comes by, most often near its
# end, where a network errs most, and by one view, since what one view does not see others
# would keep it from painting. OUT/pairs.tsv says whose style each is in.
set -eu
nst=$1 network=$2 pictures=$3 out=$4 count=$5 seed=$6
mkdir -p "$out"
awk -v count="$count" -v seed="$seed" -v photos="$(ls -d "$pictures"/photos/* | tr '\n' ' ')" -v paintings="$(ls -d "$pictures"/paintings/* "$pictures"/textures/* | tr '\n' ' ')" \
	-v drawings="$(ls -d "$pictures"/drawn/* 2>/dev/null | tr '\n' ' ')" '
function one(list, n) { return list[1 + int(rand() * n)] }
BEGIN {
	srand(seed)
	n = split(photos, photo, " "); m = split(paintings, painting, " "); k = split(drawings, drawing, " ")
	for (i = 0; i < count; i++) {
		content = rand() < 0.7 ? one(photo, n) : one(painting, m)
		init = rand() < 0.8 ? "content" : "noise"
		style = k == 0 || rand() < 0.7 ? one(painting, m) : one(drawing, k)
		print i, content, style, 5 + int(rand() * 100), 35 + int(rand() * 45), init, rand() < 0.3 ? "adam" : "lbfgs"
	}
}' | while read -r i content style iterations strength init optimizer; do
	file="$out/$seed-$i.png"
	printf '%s\t%s\n' "$file" "$style" >> "$out/pairs.tsv"
	test -e "$file" || "$nst" stylize "$content" "$style" -o "$file" --network "$network" --size 256 --min-scale 128 --orientations 1 \
		--iterations "$iterations" --strength "$strength" --init "$init" --optimizer "$optimizer" --threads 1 -q || true
done
