package verify_test

import (
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/verify"
)

var hour = time.Now().Add(time.Hour)

func seq(nodes ...dump.Node) iter.Seq2[dump.Node, error] {
	return func(yield func(dump.Node, error) bool) {
		for _, n := range nodes {
			if !yield(n, nil) {
				return
			}
		}
	}
}

func failing(err error) iter.Seq2[dump.Node, error] {
	return func(yield func(dump.Node, error) bool) { yield(dump.Node{}, err) }
}

func compare(t *testing.T, a, b iter.Seq2[dump.Node, error], opts verify.Options) (verify.Summary, []string) {
	t.Helper()
	var lines []string
	sum, err := verify.Compare(a, b, opts, func(d verify.Difference) { lines = append(lines, d.String()) })
	if err != nil {
		t.Fatal(err)
	}
	if sum.Different() != len(lines) {
		t.Errorf("%d differences are counted and %d reported", sum.Different(), len(lines))
	}
	return sum, lines
}

func TestEqual(t *testing.T) {
	nodes := []dump.Node{
		{Key: "/a", Value: "1", Created: 1, Modified: 2}, {Key: "/b", Dir: true}, {Key: "/b/c", Expires: hour, TTL: 3600},
	}
	others := slices.Clone(nodes)
	others[0].Modified = 7
	others[2].Expires, others[2].TTL = hour.Add(time.Second), 3500
	sum, lines := compare(t, seq(nodes...), seq(others...), verify.Options{Tolerance: time.Second})
	if sum.Equal != 3 || len(lines) > 0 || sum.String() != "3 nodes equal, 0 differences" {
		t.Errorf("%v, %q", sum, lines)
	}
	compare(t, seq(), seq(), verify.Options{})
}

func TestDifferences(t *testing.T) {
	a := []dump.Node{
		{Key: "/a", Value: "secret"},
		{Key: "/b", Dir: true},
		{Key: "/c", Value: "same from here"},
		{Key: "/d", Expires: hour},
		{Key: "/e", Expires: hour},
		{Key: "/f"},
		{Key: "/g", Dir: true, Expires: hour},
		{Key: "/z", Value: "1"},
	}
	b := []dump.Node{
		{Key: "/b", Value: "v"},
		{Key: "/bb", Dir: true},
		{Key: "/c", Value: "same until"},
		{Key: "/d", Expires: hour.Add(2 * time.Second)},
		{Key: "/e"},
		{Key: "/f", Expires: hour},
		{Key: "/g", Dir: true, Expires: hour},
	}
	at := hour.UTC().Format("2006-01-02T15:04:05.0Z")
	later := hour.Add(2 * time.Second).UTC().Format("2006-01-02T15:04:05.0Z")
	want := []string{
		`missing "/a"  file of 6 bytes`,
		`type    "/b"  directory / file of 1 byte`,
		`extra   "/bb"  directory`,
		`value   "/c"  14 bytes / 10 bytes, different from byte 5 on`,
		`ttl     "/d"  expires ` + at + ` / expires ` + later,
		`ttl     "/e"  expires ` + at + ` / does not expire`,
		`ttl     "/f"  does not expire / expires ` + at,
		`missing "/z"  file of 1 byte`,
	}
	sum, lines := compare(t, seq(a...), seq(b...), verify.Options{Tolerance: time.Second})
	if !slices.Equal(lines, want) {
		t.Errorf("the report is\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if got, want := sum.String(), "1 node equal, 8 differences (2 missing, 1 extra, 1 value, 1 type, 3 ttl)"; got != want {
		t.Errorf("the summary is %q, want %q", got, want)
	}
}

// What has expired on one side, by itself or with a directory, is not missing.
func TestExpired(t *testing.T) {
	past := time.Now().Add(-time.Second)
	a := seq(
		dump.Node{Key: "/a", Expires: past},
		dump.Node{Key: "/d", Dir: true, Expires: past},
		dump.Node{Key: "/d/x", Expires: hour},
		dump.Node{Key: "/e"},
	)
	sum, lines := compare(t, a, seq(dump.Node{Key: "/e"}), verify.Options{})
	if sum.Expired != 3 || len(lines) > 0 {
		t.Errorf("%v, %q", sum, lines)
	}
	sum, lines = compare(t, seq(dump.Node{Key: "/e"}), a, verify.Options{})
	if sum.Expired != 3 || len(lines) > 0 {
		t.Errorf("the other way round: %v, %q", sum, lines)
	}
}

func TestFilesOnly(t *testing.T) {
	a := seq(dump.Node{Key: "/d", Dir: true, Expires: hour}, dump.Node{Key: "/d/x"}, dump.Node{Key: "/e", Dir: true})
	b := seq(dump.Node{Key: "/d/x", Expires: hour})
	sum, lines := compare(t, a, b, verify.Options{FilesOnly: true})
	if sum.Equal != 1 || len(lines) > 0 || !strings.Contains(sum.String(), "directories were not compared (2 and 0)") {
		t.Errorf("%v, %q", sum, lines)
	}
}

func TestErrorsOfEitherSide(t *testing.T) {
	broken := errors.New("broken")
	for _, sides := range [][2]iter.Seq2[dump.Node, error]{{failing(broken), seq(dump.Node{Key: "/a"})}, {seq(dump.Node{Key: "/a"}), failing(broken)}} {
		sum, err := verify.Compare(sides[0], sides[1], verify.Options{}, nil)
		if !errors.Is(err, broken) || sum.Different() > 0 {
			t.Errorf("%v, %v: want the error, and nothing said to be missing", sum, err)
		}
	}
}
