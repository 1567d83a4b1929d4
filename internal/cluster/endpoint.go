package cluster

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/etcdv2/client/internal/errs"
)

// mostQuoted is how much of an endpoint an error quotes: it may come from a name server or another member.
const mostQuoted = 200

// parseEndpoint returns the URL that endpoint stands for, in the spelling of canonicalHost and without
// slashes at its end. Its error says what is wrong and, if that is known, what to write instead.
func parseEndpoint(endpoint string) (*url.URL, error) {
	if err := checkSpelling(endpoint); err != nil {
		return nil, err
	}
	u, err := url.Parse(strings.TrimRight(endpoint, "/"))
	if err != nil {
		var reason *url.Error
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return nil, unusable(endpoint, "is not a URL: %.200v", err)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, unusable(endpoint, "does not begin with http:// or https://")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, unusable(endpoint, "has a query or a fragment; remove it")
	}
	if err := checkHost(endpoint, u); err != nil {
		return nil, err
	}
	if err := checkPath(endpoint, u.Path); err != nil {
		return nil, err
	}
	u.Host = canonicalHost(u)
	return u, nil
}

// unusable returns the error for an endpoint that cannot be used.
func unusable(endpoint, format string, args ...any) error {
	return errs.Invalidf("endpoint %.*q %s", mostQuoted, endpoint, fmt.Sprintf(format, args...))
}

// checkSpelling refuses what url.Parse accepts or describes badly.
func checkSpelling(endpoint string) error {
	if i := strings.LastIndexByte(endpoint, '@'); i >= 0 {
		// The text before it is not shown, because it may contain a password in any spelling.
		return errs.Invalidf("endpoint …%.*q has an @; credentials belong in Username and Password, "+
			"and an @ in a path is written %%40", mostQuoted, endpoint[i:])
	}
	isOdd := func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }
	if !utf8.ValidString(endpoint) || strings.ContainsFunc(endpoint, isOdd) {
		return unusable(endpoint, "has a space or a character that is not printable; a path holds a space as %%20")
	}
	_, rest, found := strings.Cut(endpoint, "://")
	if !found {
		return unusable(endpoint, "does not begin with http:// or https://%s", suggestion(endpoint))
	}
	if authority, _, _ := strings.Cut(rest, "/"); strings.Contains(authority, ",") {
		return unusable(endpoint, "has a comma; give each endpoint as a string of its own")
	}
	return nil
}

// suggestion returns what to write instead of an endpoint that does not have "://", or nothing if that is not
// clear.
func suggestion(endpoint string) string {
	scheme, hint := "http:", ", or https:// if the server uses TLS"
	for _, known := range []string{"http:", "https:"} {
		if rest, found := strings.CutPrefix(endpoint, known); found {
			scheme, endpoint, hint = known, rest, ""
		}
	}
	better := scheme + "//" + strings.TrimLeft(endpoint, "/")
	if _, err := parseEndpoint(better); err != nil || len(better) > mostQuoted {
		return ""
	}
	return "; write " + strconv.Quote(better) + hint
}

// checkHost refuses a host and a port that cannot be connected to.
func checkHost(endpoint string, u *url.URL) error {
	host, port := u.Hostname(), u.Port()
	if strings.Contains(host, ":") && !strings.HasPrefix(u.Host, "[") {
		return unusable(endpoint, "has an IPv6 address without brackets, or two ports")
	}
	// A name may end in a dot, which makes it absolute.
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	switch n, _ := strconv.Atoi(port); {
	case host == "":
		return unusable(endpoint, "has no host")
	case slices.Contains(labels, ""):
		return unusable(endpoint, "has a host with an empty part between its dots")
	case strings.HasSuffix(u.Host, ":"):
		return unusable(endpoint, "has a colon and no port; etcd's usual one is 2379")
	case port != "" && (n < 1 || n > 65535):
		return unusable(endpoint, "has the port %.20s; ports are 1 to 65535", port)
	}
	return nil
}

// checkPath refuses a path that servers and gateways do not take as it is written: they answer empty segments
// and those of dots with a redirect that turns a write into a read.
func checkPath(endpoint, path string) error {
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")[1:]
	if slices.Contains(segments, "") || slices.Contains(segments, ".") || slices.Contains(segments, "..") {
		return unusable(endpoint, "has an empty segment, or one of dots, in its path")
	}
	return nil
}

// checkNotAPI refuses a configured endpoint that ends in the path of the API, which is added to it for each
// request. Any other path is that of a gateway.
func checkNotAPI(u *url.URL, versionPrefix string) error {
	for _, path := range []string{versionPrefix + "/keys", versionPrefix} {
		if base, found := strings.CutSuffix(u.Path, path); found && path != "" {
			better := url.URL{Scheme: u.Scheme, Host: u.Host, Path: base}
			return unusable(u.String(), "ends in %s, which requests add to it; write %q", path, better.String())
		}
	}
	return nil
}

// canonicalHost returns the host of u in a spelling that can be compared: in lower case and without the
// default port of the scheme. The zone of an IPv6 address names a network interface and keeps its case.
func canonicalHost(u *url.URL) string {
	address, zone, zoned := strings.Cut(u.Host, "%")
	host := strings.ToLower(address)
	if zoned {
		host += "%" + zone
	}
	if port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]; port != "" {
		host = strings.TrimSuffix(host, port)
	}
	return host
}
