// Package scan reads JSON text in the one form in which etcd writes it: fields in the order of etcd's
// structs, without blanks between them. It does not know nodes or events; package etcd determines which
// fields come next.
//
// A [Scanner] reads the text while it arrives, several times as fast as encoding/json and with few
// allocations. It has no influence on the result: if the text has another form, the Scanner fails, and the
// caller decodes the whole text, which [Buffer.Bytes] returns, with encoding/json. FuzzDecode in package etcd
// checks that both give the same result.
//
// Texts are read into pieces that are reused for later texts, so that a long reply needs no allocation for
// its text. Strings share blocks, so that a tree of 10,000 nodes needs a few hundred allocations.
package scan
