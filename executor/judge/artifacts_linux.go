package judge

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/sandbox/scratch"
	"executorpool.dev/executor/settings"
	"executorpool.dev/executor/toolchain"
)

// upload is a file of the request whose name is that of an artifact, as it was before the compiler
// ran.
type upload struct {
	name   string
	inode  uint64
	change unix.Timespec
}

// uploads returns the files in the box that StoreArtifacts would take without any compiler.
func uploads(box *scratch.Dir, row *toolchain.Compile, files []file) ([]upload, error) {
	var found []upload
	for _, f := range files {
		if !row.Makes(f.name) {
			continue
		}
		var stat unix.Stat_t
		if err := unix.Fstatat(box.FD(), f.name, &stat, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return nil, fmt.Errorf("look at %s: %w", f.name, err)
		}
		found = append(found, upload{f.name, stat.Ino, stat.Ctim})
	}
	return found, nil
}

// removeUploads removes the files that the compiler has not changed. What a contestant sends is no
// artifact: a run of a compiled language executes only what the compiler of this stage made. Each
// write to a file changes the time that is compared, and no program can set that time.
func removeUploads(box *scratch.Dir, before []upload) error {
	for _, u := range before {
		var stat unix.Stat_t
		err := unix.Fstatat(box.FD(), u.name, &stat, unix.AT_SYMLINK_NOFOLLOW)
		if err == nil && stat.Ino == u.inode && stat.Ctim == u.change {
			err = unix.Unlinkat(box.FD(), u.name, 0)
		}
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("remove %s, which the compiler did not make: %w", u.name, err)
		}
	}
	return nil
}

// tooLarge returns why the artifacts are too large, "" if they are not.
func tooLarge(store *scratch.Dir, artifacts []string) (string, error) {
	total := int64(0)
	for _, name := range artifacts {
		var stat unix.Stat_t
		if err := unix.Fstatat(store.FD(), name, &stat, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return "", fmt.Errorf("look at artifact %s: %w", name, err)
		}
		total += stat.Size
	}
	if total > settings.ArtifactMiB<<20 {
		return fmt.Sprintf("the compiler left a program of %d MiB; it can have %d MiB", total>>20, int64(settings.ArtifactMiB)), nil
	}
	return "", nil
}

// noProgram returns why the artifact that a run executes is not a program, "" if it is one or if
// runs execute no artifact. A compiler succeeds without a program if the source is a library: of Go
// without package main, or of Rust with another crate type.
func noProgram(store string, language *toolchain.Language) string {
	name, executed := strings.CutPrefix(language.Run.Command[0], "{store}/")
	if !executed || strings.ContainsAny(name, "{/") {
		return ""
	}
	file, err := os.Open(filepath.Join(store, name))
	if err != nil {
		return ""
	}
	defer file.Close()
	var magic [4]byte
	n, err := file.ReadAt(magic[:], 0)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return ""
	case string(magic[:2]) == "#!":
		return ""
	case n < len(magic) || string(magic[:]) != elf.ELFMAG:
		return fmt.Sprintf("the compiler left no program: %s is not executable", name)
	case isLibrary(file):
		return fmt.Sprintf("the compiler left no program: %s is a library", name)
	}
	return ""
}

// isLibrary reports whether an ELF file is a shared library or an object file. Of the files of type
// ET_DYN a program has an interpreter, or is static and has the flag DF_1_PIE. A file that package
// elf cannot read is left to the kernel.
func isLibrary(file io.ReaderAt) bool {
	program, err := elf.NewFile(file)
	if err != nil {
		return false
	}
	switch program.Type {
	case elf.ET_EXEC:
		return false
	case elf.ET_REL:
		return true
	}
	for _, segment := range program.Progs {
		if segment.Type == elf.PT_INTERP {
			return false
		}
	}
	flags, err := program.DynValue(elf.DT_FLAGS_1)
	for _, f := range flags {
		if elf.DynFlag1(f)&elf.DF_1_PIE != 0 {
			return false
		}
	}
	return err == nil
}
