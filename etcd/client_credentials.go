package etcd

import (
	"strings"

	"github.com/etcdv2/client/internal/errs"
)

// SetCredentials replaces the Username and Password of the client's Config. Two empty strings mean no
// credentials. It returns ErrInvalidArgument for credentials that New would refuse, and the client keeps its old
// ones. SetCredentials sends nothing and does not check whether the server accepts the credentials.
//
// Later calls carry the new credentials, and so does the next request of each running watch, mirror, lock and
// election. To change a password, change it on the server, for example with Auth.ChangePassword, and then call
// SetCredentials. In between, the server refuses requests with ErrUnauthorized. Running operations retry:
//
//   - A watch or a mirror that a member has served retries for a minute, and then ends with ErrUnauthorized. It
//     retries at once after SetCredentials, and otherwise every few seconds, so that the order of the two
//     changes does not matter.
//   - A lock that is held retries its renewal as long as its TTL lasts.
//
// Other calls, and the first request of a watch, fail at once.
func (c *Client) SetCredentials(username, password string) error {
	if err := checkCredentials(username, password); err != nil {
		return err
	}
	c.cluster.SetCredentials(username, password)
	c.hub.Forgive()
	return nil
}

// checkCredentials refuses what basic auth cannot carry. It quotes nothing: a name may hold the password, too.
func checkCredentials(username, password string) error {
	switch {
	case username == "" && password != "":
		return errs.Invalidf("user name for the password is empty")
	case strings.Contains(username, ":"):
		return errs.Invalidf("user name has a colon, which basic auth cannot carry")
	}
	return nil
}
