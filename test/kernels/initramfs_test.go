package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/test/kernels/guest"
)

// TestInitramfsHasTheFilesOfTheGuest reads the archive as the kernel does: a header of 110
// characters, the name, and the content, the latter two padded to multiples of 4 bytes.
func TestInitramfsHasTheFilesOfTheGuest(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	image := kernelImage{modules: []string{file("a.ko", "first"), file("b.ko", "second!!")}}
	p := programs{executor: file("executor", "x"), guest: file("guest", ""), languages: file("languages", "languages: [{id: x}]")}
	path := filepath.Join(dir, "initramfs")
	if err := writeInitramfs(path, image, p, guest.Config{Tier: "Restricted", Slowness: 1}); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for text := string(content); !strings.HasPrefix(text[110:], "TRAILER!!!\x00"); {
		number := func(field int) int {
			value, err := strconv.ParseInt(text[6+8*field:14+8*field], 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			return int(value)
		}
		const mode, size, nameSize = 1, 6, 11
		begin := (110 + number(nameSize) + 3) &^ 3
		end := begin + number(size)
		got[text[110:110+number(nameSize)-1]] = fmt.Sprintf("%o %.15s", number(mode), text[begin:end])
		text = text[(end+3)&^3:]
	}
	want := map[string]string{
		"dev": "40755 ", "proc": "40755 ", "sys": "40755 ", "root": "40755 ", "modules": "40755 ",
		"modules/00.ko": "100644 first", "modules/01.ko": "100644 second!!",
		"init": "100755 ", "executor": "100755 x", "languages.yaml": "100644 languages:\n- id", "config.json": `100644 {"Tier":"Restri`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
