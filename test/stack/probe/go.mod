module zetherion/probe

go 1.22
