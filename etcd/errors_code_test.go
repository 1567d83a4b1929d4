package etcd

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestCodesSpeak(t *testing.T) {
	check(t, "known code", ErrKeyNotFound.Error(), "etcd: key not found")
	check(t, "unknown code", ErrorCode(999).Error(), "etcd: error code 999")
	texts := map[string]ErrorCode{}
	for code, text := range codeText {
		if other, double := texts[text]; double || !strings.HasPrefix(code.Error(), "etcd: ") {
			t.Errorf("codes %d and %d are both %q", code, other, text)
		}
		texts[text] = code
	}
}

func TestCodeIsFoundInsideOtherErrors(t *testing.T) {
	err := fmt.Errorf("outer: %w", &Error{Code: ErrNodeExist})
	check(t, "is the code", errors.Is(err, ErrNodeExist), true)
	checkNot(t, err, ErrKeyNotFound, ErrorCode(0))
	var code ErrorCode
	if !errors.As(err, &code) || code != ErrNodeExist {
		t.Errorf("code %d", code)
	}
}
