// Stands for wollomatic/socket-proxy 1.13 where its image cannot be pulled: the flags that docker-compose.socket-proxy.yml gives
// it, with the meaning that its documentation gives them. Any other flag ends it, as it ends the real one. Called as healthcheck it
// is the program of that name.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

const healthAddress = "127.0.0.1:55555"

type settings struct {
	address, socket string
	from            []string
	binds           []string
	allowed         map[string][]*regexp.Regexp
	health          bool
	watch, grace    time.Duration
	stopOnWatch     bool
}

func main() {
	if filepath.Base(os.Args[0]) == "healthcheck" {
		checkHealth()
		return
	}
	given := readSettings()
	if err := reach(given.socket); err != nil {
		fail(2, err)
	}
	listener, err := net.Listen("tcp", given.address)
	if err != nil {
		fail(2, err)
	}
	engine := httputil.ReverseProxy{
		Rewrite: func(call *httputil.ProxyRequest) { call.Out.URL.Scheme, call.Out.URL.Host = "http", "engine" },
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", given.socket)
		}},
	}
	server := http.Server{Handler: http.HandlerFunc(func(answer http.ResponseWriter, call *http.Request) {
		if status, why := given.judge(call); why != "" {
			fmt.Println("stopped", call.Method, call.URL.Path, "from", call.RemoteAddr+":", why)
			http.Error(answer, http.StatusText(status), status)
			return
		}
		engine.ServeHTTP(answer, call)
	})}
	go func() { fail(2, server.Serve(listener)) }()
	if given.health {
		go serveHealth(given.socket)
	}
	fmt.Println("listening on", given.address)
	code := given.untilOver()
	ending, cancel := context.WithTimeout(context.Background(), given.grace)
	defer cancel()
	_ = server.Shutdown(ending) // what is open at the end of the grace is cut
	os.Exit(code)
}

func readSettings() settings {
	given := settings{allowed: map[string][]*regexp.Regexp{}}
	ip := flag.String("listenip", "127.0.0.1", "")
	port := flag.Int("proxyport", 2375, "")
	from := flag.String("allowfrom", "127.0.0.1/32", "")
	binds := flag.String("allowbindmountfrom", "", "")
	watch := flag.Int("watchdoginterval", 0, "")
	grace := flag.Int("shutdowngracetime", 10, "")
	flag.String("loglevel", "info", "") // one level here
	flag.StringVar(&given.socket, "socketpath", "/var/run/docker.sock", "")
	flag.BoolVar(&given.health, "allowhealthcheck", false, "")
	flag.BoolVar(&given.stopOnWatch, "stoponwatchdog", false, "")
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE", "OPTIONS"} {
		flag.Func("allow"+method, "", func(text string) error {
			pattern, err := regexp.Compile("^" + text + "$")
			given.allowed[method] = append(given.allowed[method], pattern)
			return err
		})
	}
	flag.Parse()
	given.address = net.JoinHostPort(*ip, fmt.Sprint(*port))
	given.from = strings.Split(*from, ",")
	for _, directory := range strings.Split(*binds, ",") {
		if directory == "" {
			continue
		}
		if !filepath.IsAbs(directory) {
			fail(1, fmt.Errorf("a directory must begin with /: %s", directory))
		}
		given.binds = append(given.binds, filepath.Clean(directory))
	}
	given.watch, given.grace = time.Duration(*watch)*time.Second, time.Duration(*grace)*time.Second
	return given
}

// Until somebody ends it, or the watchdog finds no engine any more.
func (given settings) untilOver() int {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT)
	var looks <-chan time.Time
	if given.watch > 0 {
		looks = time.Tick(given.watch)
	}
	for {
		select {
		case <-asked:
			return 0
		case <-looks:
			if err := reach(given.socket); err != nil {
				fmt.Println("watchdog:", err)
				if given.stopOnWatch {
					return 10
				}
			}
		}
	}
}

func reach(socket string) error {
	connection, err := net.DialTimeout("unix", socket, 5*time.Second)
	if err != nil {
		return err
	}
	return connection.Close()
}

func serveHealth(socket string) {
	fail(2, http.ListenAndServe(healthAddress, http.HandlerFunc(func(answer http.ResponseWriter, call *http.Request) {
		switch {
		case call.URL.Path != "/health":
			answer.WriteHeader(http.StatusNotFound)
		case call.Method != http.MethodHead:
			answer.WriteHeader(http.StatusMethodNotAllowed)
		case reach(socket) != nil:
			answer.WriteHeader(http.StatusServiceUnavailable)
		}
	})))
}

func checkHealth() {
	answer, err := http.Head("http://" + healthAddress + "/health")
	if err != nil {
		fail(1, err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		fail(1, fmt.Errorf("health is %s", answer.Status))
	}
}

func fail(code int, err error) {
	fmt.Fprintln(os.Stderr, "socket-proxy:", err)
	os.Exit(code)
}
