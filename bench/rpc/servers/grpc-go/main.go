// The echo service on grpc-go with one core.
//
// The messages are well-known types of protobuf with the same fields as those of echo.v1, so that no code
// has to be generated: EnumValue is {string, int32}, Duration {int64, int32}, BytesValue {bytes}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/typepb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

var service = grpc.ServiceDesc{
	ServiceName: "echo.v1.EchoService",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Echo", Handler: echo}},
	Streams: []grpc.StreamDesc{
		{StreamName: "Repeat", Handler: repeat, ServerStreams: true},
		{StreamName: "Count", Handler: count, ClientStreams: true},
		{StreamName: "Mirror", Handler: mirror, ServerStreams: true, ClientStreams: true},
	},
}

func echo(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	request := new(typepb.EnumValue)
	if err := decode(request); err != nil {
		return nil, err
	}
	return &typepb.EnumValue{Name: request.Name, Number: request.Number}, nil
}

func repeat(_ any, stream grpc.ServerStream) error {
	request := new(durationpb.Duration)
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	payload := make([]byte, request.Seconds)
	for range request.Nanos {
		if err := stream.SendMsg(&wrapperspb.BytesValue{Value: payload}); err != nil {
			return err
		}
	}
	return nil
}

func count(_ any, stream grpc.ServerStream) error {
	for messages := int32(0); ; messages++ {
		err := stream.RecvMsg(new(wrapperspb.BytesValue))
		if err == io.EOF {
			return stream.SendMsg(&wrapperspb.Int32Value{Value: messages})
		}
		if err != nil {
			return err
		}
	}
}

func mirror(_ any, stream grpc.ServerStream) error {
	for {
		request := new(wrapperspb.BytesValue)
		err := stream.RecvMsg(request)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.SendMsg(&wrapperspb.BytesValue{Value: request.Value}); err != nil {
			return err
		}
	}
}

// CPU time of this process in milliseconds.
func cpuMs() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
}

// Sends the URL to the Node process that started this one, and answers each of its questions with the CPU
// time. Node's channel to a child is a file descriptor that carries a line of JSON per message.
func announce(url string) {
	descriptor, err := strconv.Atoi(os.Getenv("NODE_CHANNEL_FD"))
	if err != nil {
		log.Fatal("Expected to be started by a Node process with a channel, got none")
	}
	channel := os.NewFile(uintptr(descriptor), "parent")
	answers := json.NewEncoder(channel)
	answers.Encode(map[string]string{"url": url})
	questions := bufio.NewScanner(channel)
	for questions.Scan() {
		answers.Encode(cpuMs())
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	server.RegisterService(&service, struct{}{})
	go func() { log.Fatal(server.Serve(listener)) }()
	announce("http://" + listener.Addr().String())
}
