package contract

import (
	"fmt"
	"strings"
)

// A version is a release of etcd.
type version struct{ major, minor, patch int }

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch) }

func parseVersion(text string) (v version, err error) {
	if strings.Count(text, ".") == 1 {
		text += ".0"
	}
	_, err = fmt.Sscanf(text, "%d.%d.%d", &v.major, &v.minor, &v.patch)
	return v, err
}

func (v version) less(w version) bool {
	if v.major != w.major {
		return v.major < w.major
	}
	if v.minor != w.minor {
		return v.minor < w.minor
	}
	return v.patch < w.patch
}

// in reports whether the release is one of "<3.5", ">=2.3 <3.5" and the like; all are in "".
func (v version) in(versions string) bool {
	for _, bound := range strings.Fields(versions) {
		number, atLeast := strings.CutPrefix(bound, ">=")
		if !atLeast {
			number = strings.TrimPrefix(bound, "<")
		}
		limit, err := parseVersion(number)
		if err != nil {
			panic("no versions: " + versions)
		}
		if v.less(limit) == atLeast {
			return false
		}
	}
	return true
}
