package doctor

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/etcdv2/client/etcd"
)

// A Report is what an examination has found.
type Report struct {
	Interval time.Duration // between the two looks
	Members  []Member      // one for each endpoint
	Unasked  []etcd.Member // members that no endpoint leads to
	Tree     *Tree         // nil if no member that serves v2 could be read
	Users    []string
	Roles    []string // except root, which every cluster has
	Unknown  []string // what could not be found out, and why
}

// Findings says what is in the way of etcd 3.6 and what would be lost, in the order of the steps of docs/leaving.md. It returns
// nothing if no client and no stored key is in the way. Each member's own data directory remains to be checked by etcdutl.
func (r *Report) Findings() []string {
	var f findings
	r.unclear(&f)
	r.speakers(&f)
	r.losses(&f)
	r.leftovers(&f)
	r.servers(&f)
	return f
}

type findings []string

func (f *findings) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// unclear says what the examination is not sure of.
func (r *Report) unclear(f *findings) {
	for _, m := range r.Members {
		if m.Err != nil {
			f.add("%s could not be examined: %v.", m.Endpoint, m.Err)
		}
	}
	for _, m := range r.Unasked {
		f.add("Member %s at %s was not asked: name it as an endpoint.", m.ID, strings.Join(m.ClientURLs, ", "))
	}
	for _, what := range r.Unknown {
		f.add("It is not known %s.", what)
	}
}

// speakers says who speaks v2.
func (r *Report) speakers(f *findings) {
	busiest := &Member{}
	for i, m := range r.Members {
		if m.Err == nil && m.Writes() > busiest.Writes() {
			busiest = &r.Members[i]
		}
	}
	if busiest.Writes() > 0 {
		f.add("Something writes over v2: %s in %v. Every member counts all writes.", busiest.kinds(), r.Interval)
	}
	for _, m := range r.serving() {
		if m.Probes > 0 {
			f.add("Something asks %s for /health: %s in %v. Each leaves an entry that etcd 3.6 does not start with. "+
				"Probe /metrics or the URL of --listen-metrics-urls instead.", m.Endpoint, number(m.Probes, "time"), r.Interval)
		}
		if m.After.Watchers > 0 {
			f.add("Something watches at %s: %s.", m.Endpoint, number(m.After.Watchers, "open watch"))
		}
	}
	r.readers(f)
}

// readers says who reads. A member counts its own reads, and the quorum reads of all.
func (r *Report) readers(f *findings) {
	serving := r.serving()
	common := uint64(0)
	if len(serving) == len(r.Members) && len(r.Unasked) == 0 && len(serving) > 1 {
		common = serving[0].Reads()
		for _, m := range serving {
			common = min(common, m.Reads())
		}
	}
	if common > 0 {
		f.add("Every member counts at least %s in %v. Quorum reads and /health count on all of them, "+
			"and each leaves an entry that etcd 3.6 does not start with.", number(common, "read"), r.Interval)
	}
	for _, m := range serving {
		if n := m.Reads() - common; n > 0 {
			f.add("Something reads at %s: %s in %v, with what the server looks up for each request.", m.Endpoint, number(n, "read"), r.Interval)
		}
	}
}

// losses says what v3 has not.
func (r *Report) losses(f *findings) {
	t := r.Tree
	if t == nil {
		return
	}
	for _, s := range []struct {
		sample Sample
		text   string
	}{
		{t.TooLarge, "Larger with their values than a request to v3 may be: %s. Raise --max-request-bytes, or split them: %s"},
		{t.Unmapped, "Keys that no rule gives a place in v3: %s. These are %s"},
		{t.Replaced, "Keys or values that seem to have bytes that are not valid UTF-8, which etcd replaces when it answers: %s. These are %s"},
		{t.EmptyDir, "Empty directories, which v3 does not have: %s. Import can write a marker for each: %s"},
		{t.MortalDir, "Directories with a TTL, which v3 does not have: %s. What is in them needs leases: %s"},
	} {
		if s.sample.Count > 0 {
			f.add(s.text, fmt.Sprint(s.sample.Count), s.sample)
		}
	}
}

// leftovers says what has to be deleted when it has been moved.
func (r *Report) leftovers(f *findings) {
	if t := r.Tree; t != nil {
		if t.Keys+t.Dirs > 0 {
			f.add("Stored in v2: %s, %s. Move what is needed, then delete all of it: %s",
				number(t.Keys, "key"), number(t.Dirs, "directory"), abbreviated(t.Top))
		}
		if t.Hidden.Count > 0 {
			f.add("Hidden, and found by name: %d. Nothing warns of hidden keys that are left, and they are lost: %s", t.Hidden.Count, t.Hidden)
		}
		if n := t.Expiring.Count + t.MortalDir.Count; n > 0 {
			f.add("With a TTL: %d. As long as one is left, the leader writes an entry twice a second, "+
				"without --enable-v2 as well: %s", n, Sample{n, append(t.Expiring.First, t.MortalDir.First...)})
		}
	}
	if len(r.Users)+len(r.Roles) > 0 {
		f.add("Users and roles of v2 are stored. Disable authentication, then delete them: %s", abbreviated(append(r.Users, r.Roles...)))
	}
}

// servers says what is to be done to the members.
func (r *Report) servers(f *findings) {
	for _, m := range r.Members {
		if m.Err != nil {
			continue
		}
		if !atLeast(m.Version, 3, 5, 32) {
			f.add("%s runs etcd %s. Go to 3.5.32 or later first, one minor version at a time.", m.Endpoint, m.Version)
		}
	}
	var serving []string
	for _, m := range r.serving() {
		serving = append(serving, m.Endpoint)
	}
	if len(serving) > 0 {
		f.add("V2 is served at %s. When nothing speaks it and nothing is stored, restart each without --enable-v2 and with "+
			"--snapshot-count=1.", strings.Join(serving, ", "))
	}
}

func (r *Report) serving() []Member {
	var serving []Member
	for _, m := range r.Members {
		if m.Err == nil && m.ServesV2 {
			serving = append(serving, m)
		}
	}
	return serving
}

// Print writes the report as text.
func (r *Report) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Two looks at %s, %v apart:\n\n", number(len(r.Members), "member"), r.Interval)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ENDPOINT\tVERSION\tV2\tWRITES\tREADS\tEXPIRED\t/HEALTH\tWATCHERS")
	for _, m := range r.Members {
		fmt.Fprintln(table, strings.Join(m.row(), "\t"))
	}
	table.Flush()
	if t := r.Tree; t != nil {
		fmt.Fprintf(&b, "\nStored in v2: %s, %s, %s. Hidden keys are counted if their names are known.\n",
			number(t.Keys, "key"), number(t.Dirs, "directory"), number(t.Bytes, "byte"))
	}
	found := r.Findings()
	if len(found) == 0 {
		b.WriteString("\nNothing was found at these endpoints that speaks v2. Now stop each member and run etcdutl check v2store (3.5.32 or later) " +
			"on its data directory.\n")
	}
	for i, finding := range found {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "- %s\n", finding)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// row is the member's line in the table.
func (m *Member) row() []string {
	switch {
	case m.Err != nil:
		return []string{m.Endpoint, m.Version, "?"}
	case !m.ServesV2:
		return []string{m.Endpoint, m.Version, "off"}
	}
	probes := "?"
	if m.ProbesKnown {
		probes = fmt.Sprint(m.Probes)
	}
	return []string{
		m.Endpoint, m.Version, "on", fmt.Sprint(m.Writes()), fmt.Sprint(m.Reads()), fmt.Sprint(m.Expired()), probes,
		fmt.Sprint(m.After.Watchers),
	}
}

// String lists the first keys, and says that there are more.
func (s Sample) String() string {
	first := s.First[:min(len(s.First), sampleSize)]
	text := quoted(first)
	if s.Count > len(first) {
		text += ", …"
	}
	return text
}

// listed is how many names a finding shows.
const listed = 10

func abbreviated(names []string) string {
	if len(names) > listed {
		return quoted(names[:listed]) + ", …"
	}
	return quoted(names)
}

func quoted(names []string) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(all, ", ")
}

// number returns "1 key" or "2 keys".
func number[N int | int64 | uint64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if stem, ok := strings.CutSuffix(thing, "y"); ok && thing != "key" {
		return fmt.Sprint(n, " ", stem, "ies")
	}
	if strings.HasSuffix(thing, "watch") {
		return fmt.Sprint(n, " ", thing, "es")
	}
	return fmt.Sprint(n, " ", thing, "s")
}

// atLeast reports whether version is major.minor.patch or later. A text that is not a version is older than all.
func atLeast(version string, major, minor, patch int) bool {
	var a, b, c int
	if n, _ := fmt.Sscanf(version, "%d.%d.%d", &a, &b, &c); n < 3 {
		return false
	}
	if a != major {
		return a > major
	}
	if b != minor {
		return b > minor
	}
	return c >= patch
}
