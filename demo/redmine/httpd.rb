# Serves Redmine on the loopback interface: ruby httpd.rb PORT LOG. Port 0 takes a free one; the port is printed when it
# listens. Each request is written to the log when it was answered.
require File.join(ENV.fetch("COLONNADE_REDMINE_APP"), "config", "environment")
require "rack/handler/webrick"

# One request at a time: who waits for a locked SQLite keeps Ruby's own lock, so that whoever holds it cannot go on.
class Logged
  def initialize(app, path)
    @app, @file, @one = app, File.open(path, "a"), Mutex.new
    @file.sync = true
  end

  def call(env)
    asked = [env["REQUEST_METHOD"], [env["PATH_INFO"], env["QUERY_STRING"]].reject(&:empty?).join("?")]
    @one.synchronize do
      status, headers, body = @app.call(env)
      @file.puts(JSON.generate(method: asked[0], path: asked[1], status: status))
      [status, headers, body]
    end
  end
end

port, log = ARGV
at = "127.0.0.1"
silent = WEBrick::Log.new(File::NULL)
options = { Host: at, BindAddress: at, Port: port.to_i, Logger: silent, AccessLog: [], DoNotReverseLookup: true }
trap("TERM") { Rack::Handler::WEBrick.shutdown }
Rack::Handler::WEBrick.run(Logged.new(Rails.application, log), **options) do |server|
  # The first request would otherwise pay for loading every class.
  Rails.application.eager_load!
  $stdout.puts(server.listeners.first.addr[1])
  $stdout.flush
  # Nobody reads on: what is written there would fill the pipe, and then hold up the server.
  $stdout.reopen($stderr)
end
