package contract

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/etcdv2/client/tests/internal/pythonetcd"
)

func findPythonEtcd(*testing.T) (path, why string) { return pythonetcd.Python() }

// workPythonEtcd runs peer.py, which uses each call of python-etcd.
func workPythonEtcd(t *testing.T, python, endpoint string) {
	host, port, _ := strings.Cut(strings.TrimPrefix(endpoint, "http://"), ":")
	if out, err := exec.CommandContext(t.Context(), python, "testdata/peer.py", host, port).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// etcdctlCommands are etcdctl's commands for the v2 API. Those in square brackets are refused, those in round ones by some
// releases.
const etcdctlCommands = `
set /a 1
set /a 2 --swap-with-value 1
[set /a 3 --swap-with-value 1]
set /a 3 --ttl 60
get /a
get /a --quorum
--output extended get /a
mk /b 1
[mk /b 1]
mk /q --in-order 1
mkdir /d
setdir /e
update /b 2
(updatedir /e --ttl 60)
ls
ls / --recursive --sort --quorum
watch /a --after-index 2
rm /b --with-value 2
[get /nope]
[rm /d]
rm /d --dir
rm /e --recursive
[rmdir /nope]
member list
[member remove deadbeef]
[member update deadbeef http://127.0.0.1:1]
cluster-health
role add app
role grant app --path /app/* --readwrite
role revoke app --path /app/* --write
role get app
role list
user add root:pw
user add bob:pw
user grant bob --roles app
user revoke bob --roles app
user get bob
user list
auth enable
--username root:pw user list
[user list]
--username root:pw role remove app
--username root:pw user remove bob
--username root:pw auth disable
`

// workEtcdctl runs the commands one after the other.
func workEtcdctl(t *testing.T, etcdctl, endpoint string) {
	for _, line := range strings.Split(strings.TrimSpace(etcdctlCommands), "\n") {
		command := strings.Trim(line, "[]()")
		cmd := exec.CommandContext(t.Context(), etcdctl, append([]string{"--no-sync", "--endpoints", endpoint}, strings.Fields(command)...)...)
		cmd.Env = append(os.Environ(), "ETCDCTL_API=2")
		out, err := cmd.CombinedOutput()
		if !strings.HasPrefix(line, "(") && (err != nil) != strings.HasPrefix(line, "[") {
			t.Errorf("etcdctl %s: %v: %s", command, err, out)
		}
	}
}
