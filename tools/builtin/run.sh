#!/bin/sh
# Teaches the network of the built-in styles: run.sh NST STYLES PHOTOS OUT.
# STYLES is the folder of the paintings that README.md lists, PHOTOS one of photographs.
# A run that was stopped goes on where it was.
set -eu
nst=$1 styles=$2 photos=$3 out=$4
resume=
test -e "$out.training" && resume=--resume
"$nst" train $resume \
	"$styles/hokusai_great_wave.jpg" \
	"$styles/van_gogh_starry_night.jpg" \
	"$styles/van_gogh_wheat_field_cypresses.jpg" \
	"$styles/munch_the_scream.jpg" \
	"$styles/kandinsky_composition_vii.jpg" \
	"$styles/picabia_udnie.jpg" \
	"$styles/mondrian_cubist_composition.jpg" \
	"$styles/monet_water_lilies_1919.jpg" \
	"$styles/monet_etretat.jpg" \
	"$styles/seurat_grande_jatte_sketch.jpg" \
	"$styles/turner_shipwreck_minotaur.jpg" \
	"$styles/vallotton_mauclair_woodcut_256.jpg" \
	--name great-wave,starry-night,wheat-field,scream,composition-vii,udnie,cubist,water-lilies,etretat,grande-jatte,shipwreck,woodcut \
	--photos "$photos" --batch 4 --steps 5000 --seed 1 --log "$out.log" -o "$out"
