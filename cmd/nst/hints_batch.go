package main

import (
	"errors"
	"io/fs"

	"nst/cmd/nst/internal/batch"
	"nst/cmd/nst/internal/manifest"
)

// batchHints returns advice about batches and their manifests.
func batchHints(err error) []string {
	file, picture := new(fileError), new(batch.PictureError)
	isFile := errors.As(err, &file)
	switch {
	case errors.Is(err, batch.ErrForeign), errors.Is(err, batch.ErrEdited):
		return []string{"--overwrite replaces it; or choose another --out-dir"}
	case errors.As(err, new(*batch.CollisionError)):
		return []string{`--name "{index}-{content}-{style}.{ext}" gives every job a name of its own`}
	case errors.As(err, new(*manifest.HeldError)):
		return []string{"wait for it, or give each process a part with --shard 1/2 and --shard 2/2"}
	case errors.As(err, &picture) && picture.What == "style" && errors.Is(err, fs.ErrNotExist) && !isPath(picture.Path):
		return []string{"--apply paints in a style by its name; nst styles list shows them"}
	case isFile && file.what == "manifest":
		return []string{"choose another --out-dir, or move the file away: then nst does not know the pictures in the folder"}
	case isFile && file.what == "output folder" && errors.Is(err, errNoManifest):
		return []string{"name the folder of the batch with --out-dir"}
	}
	return nil
}

// errNoManifest means that there is no batch in a folder.
var errNoManifest = errors.New("has no manifest of a batch")
