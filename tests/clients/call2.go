// Three requests at the same time by Go's net/http, which prefers HTTP/2: call2 URL. Exit status 0 where all were answered 200 by HTTP/2.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	if err := call(0); err != nil {
		fail(err)
	}
	done := make(chan error)
	for at := 1; at < 3; at++ {
		go func(at int) { done <- call(at) }(at)
	}
	for at := 1; at < 3; at++ {
		if err := <-done; err != nil {
			fail(err)
		}
	}
}

func call(at int) error {
	method, body := "GET", ""
	if at > 0 {
		method, body = "POST", fmt.Sprintf(`{"at":%d}`, at)
	}
	request, err := http.NewRequest(method, os.Args[1], strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("CALL_TOKEN"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || response.ProtoMajor != 2 {
		return fmt.Errorf("%s by %s", response.Status, response.Proto)
	}
	return nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
