module zetherion/socket-proxy

go 1.26
