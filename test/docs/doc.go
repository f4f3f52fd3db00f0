// Package docs checks that the pages of the repository agree with its files: links, paths, make
// targets, names of tests, the map in CONTRIBUTING.md, the languages in README.md, the headers and
// the index of decision records, and the identifiers in docs/architecture.md.
//
// The tests read every Markdown file that Git tracks or would add. Records from before the glossary
// keep names of their time, so only their headers and links are checked. The package does not check
// words and widths; hack/glossary does.
package docs
