// Package imports checks that the import rules in .golangci.yml (depguard) hold and can fail.
//
// One test plants imports in files of their own and compares the rules that refuse each with a
// table. Another test applies the rules to all Go files of the module. The others require that the
// paths in the rules exist and that no entry hides another. make verify runs depguard itself.
//
// The package reads only the forms of depguard's settings that the rules use. It does not check
// what code does with a package that it may import.
package imports
