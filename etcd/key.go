package etcd

import (
	"strings"
	"unicode/utf8"
)

// wireKey returns key as the generated client wants it, without the leading slash; the root is "".
// A trailing slash stays: the server drops it only after it has compared the key with what the
// user's roles allow, and "/app/*" allows "/app/", but not "/app".
//
// Empty, "." and ".." segments are refused, not sent: servers answer them with a redirect that
// turns a write into a read, or, etcd 3.5 built with Go 1.22 and later, write to another key.
// Invalid UTF-8 is refused since a member changes it to U+FFFD at its next snapshot.
func wireKey(key string) (string, error) {
	if key == "" {
		return "", invalidf("empty key; the root is \"/\"")
	}
	if !utf8.ValidString(key) {
		return "", invalidf("key %q is not valid UTF-8", key)
	}
	wire := strings.TrimPrefix(key, "/")
	if wire == "" {
		return "", nil
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(wire, "/"), "/") {
		switch segment {
		case "":
			return "", invalidf("key %q has an empty segment", key)
		case ".", "..":
			return "", invalidf("key %q has a segment %q", key, segment)
		}
	}
	return wire, nil
}

// nodeKey returns key as servers name the node: with its leading slash and without a trailing one. It
// allocates nothing for a key that is so already.
func nodeKey(key string) (string, error) {
	wire, err := wireKey(key)
	if err != nil {
		return "", err
	}
	wire = strings.TrimSuffix(wire, "/")
	if key[0] == '/' {
		return key[:1+len(wire)], nil
	}
	return "/" + wire, nil
}

// checkValue refuses what etcd would store as something else. what names the value in the error.
func checkValue(what, key, value string) error {
	if !utf8.ValidString(value) {
		return invalidf("%s for key %q is not valid UTF-8; encode binary data, as base64 for one", what, key)
	}
	return nil
}
