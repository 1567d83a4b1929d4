// Package scan reads JSON text in the one form in which etcd writes it: fields in the order of its structs,
// no blanks between them. It knows no node and no event; package etcd says which fields come next.
//
// A [Scanner] reads while the text arrives, several times as fast as encoding/json and with few allocations.
// It decides nothing: at any other form of the text it fails, and the caller decodes the whole text, which
// [Buffer.Bytes] returns, with encoding/json. FuzzDecode in package etcd holds the two to the same result.
//
// Texts are read into pieces that are used again for later texts, so that a long reply costs no allocation
// for its text, and strings are cut out of blocks, so that a tree of 10,000 nodes costs a few hundred
// allocations.
package scan
