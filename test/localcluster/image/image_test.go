package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFullNameCompletes(t *testing.T) {
	for name, want := range map[string]string{
		"debian":                       "docker.io/library/debian:latest",
		"debian:bookworm-slim":         "docker.io/library/debian:bookworm-slim",
		"executorpool/executor:dev":    "docker.io/executorpool/executor:dev",
		"registry.example/a/b":         "registry.example/a/b:latest",
		"registry.example:5000/a:1":    "registry.example:5000/a:1",
		"localhost/a":                  "localhost/a:latest",
		"docker.io/executorpool/pause": "docker.io/executorpool/pause:latest",
	} {
		t.Run(name, func(t *testing.T) {
			if got := FullName(name); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestWriteSingleIsReproducible(t *testing.T) {
	var first, second bytes.Buffer
	for _, to := range []*bytes.Buffer{&first, &second} {
		if err := WriteSingle(to, "docker.io/a/b:1", "b", []byte("program")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same program gave two archives")
	}
	names := entries(t, &first)
	if len(names) != 3 || names[1] != "layer.tar" || names[2] != "manifest.json" {
		t.Errorf("archive holds %q", names)
	}
}

func TestExportLeavesOutWhatTheReceiverHas(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"manifest.json": `{"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"digest":"sha256:c"},` +
			`"layers":[{"digest":"sha256:base"},{"digest":"sha256:program"}]}`,
		"c": "config", "base": "base layer", "program": "program layer",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		has  map[string]bool
		want []string
	}{
		"nothing there": {want: []string{"blobs/sha256/c", "blobs/sha256/base", "blobs/sha256/program"}},
		"base there":    {has: map[string]bool{"sha256:base": true}, want: []string{"blobs/sha256/c", "blobs/sha256/program"}},
		"all there": {
			has:  map[string]bool{"sha256:base": true, "sha256:program": true, "sha256:c": true},
			want: []string{"blobs/sha256/c"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var archive bytes.Buffer
			if err := exportOCI(folder, "docker.io/a/b:1", tc.has, &archive); err != nil {
				t.Fatal(err)
			}
			names := entries(t, &archive)
			const documents = 3 // oci-layout, index.json, the manifest
			if diff := cmp.Diff(tc.want, names[documents:]); diff != "" {
				t.Errorf("blobs (-want +got):\n%s", diff)
			}
		})
	}
}

func entries(t *testing.T, archive io.Reader) []string {
	t.Helper()
	var names []string
	reader := tar.NewReader(archive)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
	}
}

func TestSourcesListKeepsTheSuite(t *testing.T) {
	const targets = `http://mirror.example/debian/ bookworm main
http://mirror.example/debian/ bookworm-updates main
http://mirror.example/debian/ bookworm main
http://mirror.example/security/ bookworm-security main
http://other.example/ nodistro main
http://mirror.example/debian/ bookworm non-free
`
	mirror, list, err := sourcesList(targets)
	if err != nil {
		t.Fatal(err)
	}
	if want := "http://mirror.example/debian/"; mirror != want {
		t.Errorf("mirror %s, want %s", mirror, want)
	}
	want := `deb http://mirror.example/debian/ bookworm main
deb http://mirror.example/debian/ bookworm-updates main
deb http://mirror.example/security/ bookworm-security main
`
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, _, err := sourcesList("http://mirror.example/ trixie main\n"); err == nil {
		t.Error("no error without a source of the suite")
	}
}

func TestNetworkKeepsTheWayOutOnly(t *testing.T) {
	got := network(`Acquire::cdrom::mount "/media";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::https::Proxy "";
Acquire::https::CAInfo "/etc/ca.pem";
`)
	want := "Acquire::http::Proxy \"http://proxy.example:3128\";\nAcquire::https::CAInfo \"/etc/ca.pem\";\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTargetOfFindsTheWholeName(t *testing.T) {
	const listing = `REF TYPE DIGEST SIZE
docker.io/a/b:1-old type sha256:1 4 MiB
docker.io/a/b:1 type sha256:2 4 MiB
`
	if got, want := targetOf(listing, "docker.io/a/b:1"), "sha256:2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := targetOf(listing, "docker.io/a/b"); got != "" {
		t.Errorf("got %q for an image that is not there", got)
	}
}
