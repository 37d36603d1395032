//go:build !linux

package testdir

func memory() (string, bool) { return "", false }
