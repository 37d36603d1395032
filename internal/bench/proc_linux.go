package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of processor times in /proc.
const tick = 10 * time.Millisecond

// stat returns the fields of /proc/PID/stat from the third on, which follow the name.
func stat(pid int) ([]string, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:])), nil
}

func parentOf(pid int) (int, error) {
	f, err := stat(pid)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(f[1])
}

func ticks(fields ...string) (sum time.Duration) {
	for _, f := range fields {
		n, _ := strconv.Atoi(f)
		sum += time.Duration(n) * tick
	}
	return sum
}

// cpuOf is the processor time of a process, and with children that of the children it has and had.
func cpuOf(pid int, children bool) (time.Duration, error) {
	f, err := stat(pid)
	if err != nil {
		return 0, err
	}
	sum := ticks(f[11], f[12])
	if !children {
		return sum, nil
	}
	sum += ticks(f[13], f[14])
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range all {
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if f, err := stat(child); err == nil && f[1] == strconv.Itoa(pid) {
			sum += ticks(f[11], f[12])
		}
	}
	return sum, err
}

// rssOf is the memory a process holds, in bytes.
func rssOf(pid int) (int, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(raw), "VmRSS:")
	kB, err := strconv.Atoi(strings.Fields(rest)[0])
	return kB << 10, err
}

// filesOf is how many files and connections a process has open.
func filesOf(pid int) (int, error) {
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(all), err
}
