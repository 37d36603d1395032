//go:build !linux

package main

import (
	"errors"
	"time"
)

var errNoProc = errors.New("processor time and memory are read from /proc: bench runs on Linux")

func parentOf(int) (int, error)              { return 0, errNoProc }
func cpuOf(int, bool) (time.Duration, error) { return 0, errNoProc }
func rssOf(int) (int, error)                 { return 0, errNoProc }
func filesOf(int) (int, error)               { return 0, errNoProc }
