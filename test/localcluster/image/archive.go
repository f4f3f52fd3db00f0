package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
)

// WriteSingle writes the image of one static program as an archive in the format of `docker save`.
// The same program gives the same bytes and therefore the same image id.
func WriteSingle(w io.Writer, name, program string, content []byte) error {
	var layer bytes.Buffer
	if err := writeTar(&layer, 0o755, file{program, content}); err != nil {
		return fmt.Errorf("write the layer of %s: %w", name, err)
	}
	layerSum := sha256.Sum256(layer.Bytes())
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"created":      "1970-01-01T00:00:00Z",
		"config":       map[string]any{"Entrypoint": []string{"/" + program}, "User": "65535:65535"},
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(layerSum[:])}},
	})
	if err != nil {
		return fmt.Errorf("write the configuration of %s: %w", name, err)
	}
	configSum := sha256.Sum256(config)
	configName := hex.EncodeToString(configSum[:]) + ".json"
	manifest, err := json.Marshal([]map[string]any{{
		"Config": configName, "RepoTags": []string{name}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return fmt.Errorf("write the manifest of %s: %w", name, err)
	}
	return writeTar(w, 0o644, file{configName, config}, file{"layer.tar", layer.Bytes()}, file{"manifest.json", manifest})
}

// file is a regular file of an archive.
type file struct {
	name    string
	content []byte
}

func writeTar(w io.Writer, mode int64, files ...file) error {
	archive := tar.NewWriter(w)
	for _, f := range files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: mode, Size: int64(len(f.content)), Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(f.content); err != nil {
			return err
		}
	}
	return archive.Close()
}
