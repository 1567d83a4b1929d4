package feed

import (
	"testing"

	"github.com/etcdv2/client/internal/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }
