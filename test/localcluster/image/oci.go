package image

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// index and manifest are what is needed of the OCI image specification's documents of these names (v1.0).
type (
	index struct {
		SchemaVersion int          `json:"schemaVersion"`
		Manifests     []descriptor `json:"manifests"`
	}
	manifest struct {
		Config descriptor   `json:"config"`
		Layers []descriptor `json:"layers"`
	}
	descriptor struct {
		MediaType   string            `json:"mediaType"`
		Digest      string            `json:"digest"`
		Size        int64             `json:"size"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
)

const (
	// refName is the annotation under which an index names an image.
	refName = "org.opencontainers.image.ref.name"
	// fullRefName is containerd's own, for names that are more than a tag.
	fullRefName = "io.containerd.image.name"
)

// exportOCI writes the image that an OCI layout folder has under ref as an archive that names it name. Blobs whose
// digests the receiver has are left out: an archive of a changed program is then as small as the program.
func exportOCI(layout, ref, name string, has map[string]bool, to io.Writer) error {
	found, err := findManifest(layout, ref)
	if err != nil {
		return err
	}
	blobs, err := blobsOf(layout, found)
	if err != nil {
		return err
	}
	found.Annotations = map[string]string{fullRefName: name}
	indexContent, err := json.Marshal(index{SchemaVersion: 2, Manifests: []descriptor{found}})
	if err != nil {
		return fmt.Errorf("write the index: %w", err)
	}
	archive := tar.NewWriter(to)
	for _, f := range []file{{"oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)}, {"index.json", indexContent}} {
		if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: 0o644, Size: int64(len(f.content))}); err != nil {
			return err
		}
		if _, err := archive.Write(f.content); err != nil {
			return err
		}
	}
	for _, digest := range blobs {
		// Small documents always go along: the receiver drops them with the last image that named them.
		if has[digest] && digest != found.Digest {
			continue
		}
		if err := addBlob(archive, layout, digest); err != nil {
			return fmt.Errorf("add blob %s: %w", digest, err)
		}
	}
	return archive.Close()
}

func findManifest(layout, ref string) (descriptor, error) {
	var all index
	if err := readJSON(filepath.Join(layout, "index.json"), &all); err != nil {
		return descriptor{}, err
	}
	for _, candidate := range all.Manifests {
		if candidate.Annotations[refName] == ref {
			return candidate, nil
		}
	}
	return descriptor{}, fmt.Errorf("no image %s in %s", ref, layout)
}

// blobsOf lists the digests of all an image is made of: manifest, configuration, layers.
func blobsOf(layout string, image descriptor) ([]string, error) {
	var parsed manifest
	if err := readJSON(blobPath(layout, image.Digest), &parsed); err != nil {
		return nil, err
	}
	digests := []string{image.Digest, parsed.Config.Digest}
	for _, layer := range parsed.Layers {
		digests = append(digests, layer.Digest)
	}
	return digests, nil
}

func addBlob(archive *tar.Writer, layout, digest string) error {
	blob, err := os.Open(blobPath(layout, digest))
	if err != nil {
		return err
	}
	defer blob.Close()
	info, err := blob.Stat()
	if err != nil {
		return err
	}
	name := "blobs/" + strings.Replace(digest, ":", "/", 1)
	if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(archive, blob)
	return err
}

// pruneOCI removes the blobs that no image of the layout is made of any more.
func pruneOCI(layout string) error {
	var all index
	if err := readJSON(filepath.Join(layout, "index.json"), &all); err != nil {
		return err
	}
	used := map[string]bool{}
	for _, image := range all.Manifests {
		digests, err := blobsOf(layout, image)
		if err != nil {
			return err
		}
		for _, digest := range digests {
			used[blobPath(layout, digest)] = true
		}
	}
	blobs, err := filepath.Glob(filepath.Join(layout, "blobs", "*", "*"))
	if err != nil {
		return err
	}
	var errs []error
	for _, blob := range blobs {
		if !used[blob] {
			errs = append(errs, os.Remove(blob))
		}
	}
	return errors.Join(errs...)
}

func blobPath(layout, digest string) string {
	return filepath.Join(layout, "blobs", strings.Replace(digest, ":", string(filepath.Separator), 1))
}

func readJSON(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
