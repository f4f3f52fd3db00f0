// Command glossary checks that names and prose follow docs/glossary.md.
//
//	go run ./hack/glossary [directory or file ...]
//	go run ./hack/glossary draw [-n 20] [-seed SEED]
//
// The command reads every file that Git tracks or would add, or only those below the arguments. It
// prints one finding a line, as file:line: message, and exits with 1 if there is one. It
// reports:
//
//   - Names, comments, message texts and Markdown that use a word of the table "Words that are not
//     used". A row of that table with "names" in its last column concerns only names.
//   - Comments and Markdown prose wider than 100 columns. A tab counts as one column. Tables, code,
//     URLs, link targets and directives may be wider.
//   - Functions over 60 lines if there are more than 7 of them outside of tests, and files over 350
//     lines except the kinds of the API (*_types.go).
//
// Generated files are not read. Decision records that are older than the glossary are not read
// either, because an accepted record does not change.
//
// The command compares words: it cannot find a sentence that is hard to understand. For a review by
// a reader, draw prints doc comments that it draws by a seed. Package test/docs finds broken links,
// and names in docs that the source does not have.
package main
