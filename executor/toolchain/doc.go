// Package toolchain is the table of languages: how a program is compiled and run. It is read from
// YAML files, which an image can extend without new code.
//
// Load reads and checks the files once; the Table never changes and is safe to share.
// Language.CompileCommand and RunCommand turn a row and the limits into an argument vector; no
// shell is involved. The package runs no submissions (see judge and sandbox); it only runs the
// version commands.
package toolchain
