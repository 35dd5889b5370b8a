// Probe tries, from inside a container, what the container must not be able to do, and says what came of it. One static
// program for every image, because most of them have neither a shell nor any other command. It prints one JSON value.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fail("usage: probe memory BYTES | fork PROCESSES | burn SECONDS | fill DIRECTORY BYTES | create DIRECTORY... | read FILE... | connect HOST:PORT... | privileges | user")
	}
	arguments := os.Args[2:]
	switch os.Args[1] {
	case "memory":
		memory(number(arguments, 0))
	case "fork":
		fork(number(arguments, 0))
	case "burn":
		burn(time.Duration(number(arguments, 0)) * time.Second)
	case "fill":
		fill(arguments[0], number(arguments, 1))
	case "create":
		each(arguments, create)
	case "read":
		each(arguments, read)
	case "connect":
		each(arguments, connect)
	case "privileges":
		privileges()
	case "user":
		tell(map[string]int{"uid": os.Getuid(), "euid": os.Geteuid(), "gid": os.Getgid()})
	default:
		fail("unknown command " + os.Args[1])
	}
}

// Takes and touches memory until it has so many bytes, or is killed; says every 16 MiB how far it is. It asks to be the
// first victim, so that the service beside it lives on.
func memory(most int64) {
	debug.SetGCPercent(-1)
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // without it the largest process is the victim: most likely this one
	const step = 16 << 20
	for taken := int64(0); taken < most; {
		block, err := syscall.Mmap(-1, 0, step, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			fail(err.Error())
		}
		for at := 0; at < step; at += 4096 {
			block[at] = 1
		}
		taken += step
		tell(taken)
	}
}

// Starts sleeping processes of one thread each until one is refused; ends them all.
func fork(most int64) {
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
	children := make([]int, 0, most)
	outcome := "none was refused"
	for int64(len(children)) < most {
		child, _, errno := syscall.RawSyscall(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0)
		if errno != 0 {
			outcome = errno.Error()
			break
		}
		if child == 0 {
			for {
				syscall.RawSyscall(syscall.SYS_PAUSE, 0, 0, 0)
			}
		}
		children = append(children, int(child))
	}
	for _, child := range children {
		_ = syscall.Kill(child, syscall.SIGKILL)
	}
	for range children {
		_, _ = syscall.Wait4(-1, nil, 0, nil)
	}
	tell(map[string]any{"started": len(children), "outcome": outcome})
}

// Works on every processor it gets; says how many it had.
func burn(wall time.Duration) {
	threads := runtime.NumCPU() * 2
	runtime.GOMAXPROCS(threads)
	begun := time.Now()
	var workers sync.WaitGroup
	for range threads {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for time.Since(begun) < wall {
			}
		}()
	}
	workers.Wait()
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	processor := time.Duration(used.Utime.Nano() + used.Stime.Nano())
	tell(map[string]float64{"processors": processor.Seconds() / time.Since(begun).Seconds()})
}

// Fills a directory until it takes no more.
func fill(directory string, most int64) {
	path := filepath.Join(directory, ".probe-fill")
	file, err := os.Create(path)
	if err != nil {
		fail(err.Error())
	}
	defer os.Remove(path)
	block := make([]byte, 1<<20)
	written, outcome := int64(0), "never full"
	for written < most {
		count, err := file.Write(block)
		written += int64(count)
		if err != nil {
			outcome = cause(err)
			break
		}
	}
	_ = os.Remove(path)
	tell(map[string]any{"written": written, "outcome": outcome})
}

func create(directory string) error {
	path := filepath.Join(directory, ".probe-create")
	if err := os.WriteFile(path, []byte("probe"), 0o600); err != nil {
		return err
	}
	return os.Remove(path)
}

func read(path string) error {
	_, err := os.ReadFile(path)
	return err
}

func connect(address string) error {
	connection, err := net.DialTimeout("tcp", address, 3*time.Second)
	if err != nil {
		return err
	}
	return connection.Close()
}

// What needs a capability each, in a directory where files may be made.
func privileges() {
	outcome := map[string]string{}
	directory, err := os.MkdirTemp("", ".probe-*")
	if err != nil {
		directory = "/dev/shm"
	} else {
		defer os.RemoveAll(directory)
	}
	file := filepath.Join(directory, ".probe-file")
	_ = os.WriteFile(file, nil, 0o600)
	defer os.Remove(file)
	outcome["chown"] = said(os.Chown(file, 12345, 12345))
	outcome["mknod"] = said(syscall.Mknod(filepath.Join(directory, ".probe-null"), syscall.S_IFCHR|0o666, 1<<8|3))
	_ = os.Remove(filepath.Join(directory, ".probe-null"))
	raw, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_ICMP)
	outcome["raw socket"] = said(err)
	if err == nil {
		_ = syscall.Close(raw)
	}
	outcome["mount"] = said(syscall.Mount("tmpfs", directory, "tmpfs", 0, ""))
	_ = syscall.Unmount(directory, 0)
	outcome["chroot"] = said(syscall.Chroot(directory)) // the last but one: paths mean something else after it
	outcome["setgid"] = said(syscall.Setgid(54321))
	outcome["setuid"] = said(syscall.Setuid(54321)) // the last: a success takes every other privilege away
	tell(outcome)
}

func each(names []string, try func(string) error) {
	outcome := map[string]string{}
	for _, name := range names {
		outcome[name] = said(try(name))
	}
	tell(outcome)
}

func said(err error) string {
	if err == nil {
		return "done"
	}
	return cause(err)
}

// The system's own words, without the paths and addresses around them.
func cause(err error) string {
	for {
		inner, wraps := err.(interface{ Unwrap() error })
		if !wraps || inner.Unwrap() == nil {
			return err.Error()
		}
		err = inner.Unwrap()
	}
}

func number(arguments []string, index int) int64 {
	if index >= len(arguments) {
		fail("a number is missing")
	}
	value, err := strconv.ParseInt(arguments[index], 10, 64)
	if err != nil {
		fail(err.Error())
	}
	return value
}

func tell(value any) {
	if err := json.NewEncoder(os.Stdout).Encode(value); err != nil {
		fail(err.Error())
	}
}

func fail(reason string) {
	fmt.Fprintln(os.Stderr, "probe: "+reason)
	os.Exit(2)
}
