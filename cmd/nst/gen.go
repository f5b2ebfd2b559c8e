//go:build gen

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// With the build tag gen, nst does not run. It writes its man pages and the completions
// of shells into a folder:
//
//	SOURCE_DATE_EPOCH=SECONDS go run -tags gen ./cmd/nst DIR
//
// The tag keeps the packages that write man pages out of the program.
func init() {
	if err := generate(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// generate writes DIR/man and DIR/completions. The pages have the month of
// SOURCE_DATE_EPOCH, so that the same sources give the same bytes.
func generate(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: SOURCE_DATE_EPOCH=SECONDS go run -tags gen ./cmd/nst DIR")
	}
	epoch, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	man, completions := filepath.Join(args[0], "man"), filepath.Join(args[0], "completions")
	for _, dir := range []string{man, completions} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	root := newRootCmd(&env{Getenv: func(string) string { return "" }})
	root.DisableAutoGenTag = true
	lengthen(root)
	date := time.Unix(epoch, 0).UTC()
	return errors.Join(
		doc.GenManTree(root, &doc.GenManHeader{Section: "1", Date: &date, Source: "nst", Manual: "nst"}, man),
		root.GenBashCompletionFileV2(filepath.Join(completions, "nst.bash"), true),
		root.GenZshCompletionFile(filepath.Join(completions, "_nst")),
		root.GenFishCompletionFile(filepath.Join(completions, "nst.fish"), true),
		root.GenPowerShellCompletionFileWithDesc(filepath.Join(completions, "nst.ps1")),
	)
}

// lengthen appends to the text of each command what --help-all also shows. The page of a
// command has all of it, so it does not list --help-all.
func lengthen(cmd *cobra.Command) {
	if more := cmd.Annotations[moreKey]; more != "" {
		cmd.Long += "\n\n" + more
	}
	if all := cmd.Flags().Lookup("help-all"); all != nil {
		all.Hidden = true
	}
	for _, sub := range cmd.Commands() {
		lengthen(sub)
	}
}
