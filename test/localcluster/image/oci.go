package image

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The parts of the documents of the OCI image specification (v1.0) that exportOCI reads and writes.
type (
	index struct {
		SchemaVersion int          `json:"schemaVersion"`
		Manifests     []descriptor `json:"manifests"`
	}
	manifest struct {
		MediaType string       `json:"mediaType"`
		Config    descriptor   `json:"config"`
		Layers    []descriptor `json:"layers"`
	}
	descriptor struct {
		MediaType   string            `json:"mediaType"`
		Digest      string            `json:"digest"`
		Size        int64             `json:"size"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
)

// nameAnnotation is the annotation from which containerd takes the full name of an image.
const nameAnnotation = "io.containerd.image.name"

// exportOCI writes an image as an OCI archive that gives it the name. The folder contains
// manifest.json and the blobs of the image, each named by its digest. Blobs in has are left out, so
// the archive of a changed program is as small as the program.
func exportOCI(folder, name string, has map[string]bool, to io.Writer) error {
	content, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err != nil {
		return fmt.Errorf("read the manifest of %s: %w", name, err)
	}
	var parsed manifest
	if err := json.Unmarshal(content, &parsed); err != nil {
		return fmt.Errorf("read the manifest of %s: %w", name, err)
	}
	sum := sha256.Sum256(content)
	self := descriptor{
		MediaType: parsed.MediaType, Digest: "sha256:" + hex.EncodeToString(sum[:]), Size: int64(len(content)),
		Annotations: map[string]string{nameAnnotation: name},
	}
	top, err := json.Marshal(index{SchemaVersion: 2, Manifests: []descriptor{self}})
	if err != nil {
		return fmt.Errorf("write the index of %s: %w", name, err)
	}
	archive := tar.NewWriter(to)
	for _, f := range []file{
		{"oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)},
		{"index.json", top},
		{blobName(self.Digest), content},
	} {
		if err := addEntry(archive, f.name, int64(len(f.content)), strings.NewReader(string(f.content))); err != nil {
			return err
		}
	}
	wanted := []string{parsed.Config.Digest}
	for _, layer := range parsed.Layers {
		if !has[layer.Digest] {
			wanted = append(wanted, layer.Digest)
		}
	}
	for _, digest := range wanted {
		if err := addBlob(archive, folder, digest); err != nil {
			return fmt.Errorf("export blob %s of %s: %w", digest, name, err)
		}
	}
	return archive.Close()
}

func addBlob(archive *tar.Writer, folder, digest string) error {
	blob, err := os.Open(filepath.Join(folder, strings.TrimPrefix(digest, "sha256:")))
	if err != nil {
		return err
	}
	defer blob.Close()
	info, err := blob.Stat()
	if err != nil {
		return err
	}
	return addEntry(archive, blobName(digest), info.Size(), blob)
}

func addEntry(archive *tar.Writer, name string, size int64, content io.Reader) error {
	if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size}); err != nil {
		return err
	}
	_, err := io.Copy(archive, content)
	return err
}

func blobName(digest string) string { return "blobs/" + strings.Replace(digest, ":", "/", 1) }
