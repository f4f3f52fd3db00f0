package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"executorpool.dev/test/kernels/guest"
)

// writeInitramfs writes the files with which the kernel starts, as an archive in the format newc of
// cpio: the guest as /init, the drivers, the executor, its language table and the configuration.
// Format: Documentation/driver-api/early-userspace/buffer-format.rst of Linux.
func writeInitramfs(path string, image kernelImage, p programs, config guest.Config) (err error) {
	table, err := os.ReadFile(p.languages)
	if err != nil {
		return err
	}
	languages, err := slowLanguages(table, config.Slowness)
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
	}()
	a := archive{to: bufio.NewWriterSize(file, 1<<20)}
	for _, dir := range []string{"dev", "proc", "sys", "root", guest.ModuleDir[1:]} {
		a.add(dir, 0o040755, nil)
	}
	for i, module := range image.modules {
		a.addFile(guest.ModulePath(i)[1:], 0o644, module)
	}
	a.addFile("init", 0o755, p.guest)
	a.addFile(guest.ExecutorFile[1:], 0o755, p.executor)
	a.add(guest.LanguagesFile[1:], 0o100644, languages)
	content, err := json.Marshal(config)
	if err != nil {
		return err
	}
	a.add(guest.ConfigFile[1:], 0o100644, content)
	a.add("TRAILER!!!", 0, nil)
	if a.err != nil {
		return fmt.Errorf("write %s: %w", path, a.err)
	}
	return a.to.Flush()
}

// archive writes entries until an error occurs.
type archive struct {
	to      *bufio.Writer
	entries int
	err     error
}

func (a *archive) addFile(name string, permissions int, path string) {
	content, err := os.ReadFile(path)
	if err != nil && a.err == nil {
		a.err = err
	}
	a.add(name, 0o100000|permissions, content)
}

// add writes one entry, owned by root. Names and contents are padded to multiples of 4 bytes.
func (a *archive) add(name string, mode int, content []byte) {
	a.entries++
	a.printf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", a.entries, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0)
	a.printf("%s\x00", name)
	a.pad(110 + len(name) + 1)
	if a.err == nil {
		_, a.err = a.to.Write(content)
	}
	a.pad(len(content))
}

func (a *archive) pad(length int) { a.printf("%s", "\x00\x00\x00"[:(4-length%4)%4]) }

func (a *archive) printf(format string, args ...any) {
	if a.err == nil {
		_, a.err = fmt.Fprintf(io.Writer(a.to), format, args...)
	}
}
