package main

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
)

// toolchains is the script that makes the root file system.
//
//go:embed disk.sh
var toolchains string

// diskImage returns the path of an ext4 image with the toolchains. The image is made once for each
// content of its inputs.
func (o options) diskImage(ctx context.Context, dir string) (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, toolchainSuite, toolchains)
	for _, input := range []string{"executor/toolchain/packages", "executor/toolchain/prepare.sh"} {
		content, err := os.ReadFile(input)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%d\n%s", len(content), content)
	}
	image := filepath.Join(dir, fmt.Sprintf("root-%.8x.ext4", hash.Sum(nil)))
	if _, err := os.Stat(image); err == nil {
		return image, nil
	}
	old, err := filepath.Glob(filepath.Join(dir, "root-*.ext4"))
	if err != nil {
		return "", err
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return "", err
		}
	}
	log := filepath.Join(dir, "disk.log")
	err = run(ctx, log, "unshare", "--mount", "bash", "-c", toolchains, "disk.sh",
		toolchainSuite, o.Mirror, "executor/toolchain", filepath.Join(dir, "root"), image)
	return image, err
}
