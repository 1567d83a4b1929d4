package etcd

import (
	"runtime/debug"
	"strings"
	"sync"

	"github.com/etcdv2/client/internal/errs"
)

// modulePath is the path of the library's module.
const modulePath = "github.com/etcdv2/client"

// defaultUserAgent returns the UserAgent of a Config that has none. The version is that with which the program
// was built: a constant would have to be changed with each release.
var defaultUserAgent = sync.OnceValue(func() string {
	info, _ := debug.ReadBuildInfo()
	return userAgentOf(info)
})

// userAgentOf returns the default of a program that was built from the modules of info, which may be nil.
func userAgentOf(info *debug.BuildInfo) string {
	const product = "etcdv2-client-go"
	if info == nil {
		return product
	}
	for _, module := range append(info.Deps, &info.Main) {
		if module.Path != modulePath {
			continue
		}
		if module.Replace != nil {
			module = module.Replace
		}
		// A module that was not downloaded has no version, or "(devel)", which would be a comment here.
		if version, found := strings.CutPrefix(module.Version, "v"); found {
			return product + "/" + version
		}
	}
	return product
}

// checkUserAgent refuses what the header of a request cannot carry.
func checkUserAgent(value string) error {
	isControl := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	if strings.ContainsFunc(value, isControl) {
		return errs.Invalidf("user agent %q has a control character, which a header cannot carry", value)
	}
	return nil
}
