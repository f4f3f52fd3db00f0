// Package toolchain is the table of languages: how a program is compiled and run, read from YAML files that an image can
// extend without new code.
//
// Load reads and checks the files once; the Table never changes afterwards and may be shared. Language.CompileCommand and
// RunCommand turn a row and the limits into an argument vector and an environment; nothing is ever handed to a shell.
// The package starts no contestant code (judge and sandbox do); it only asks the tools for their versions.
package toolchain
