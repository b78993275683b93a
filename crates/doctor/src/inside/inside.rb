# masto: a look from inside
#
# Answers what the doctor asks of PostgreSQL, Redis and this image, all of it in one go, and sends
# the doctor's harmless job through the queue `ingress`. Reads MASTO_QUESTIONS, prints the answers
# as JSON in numbered parts that no log cuts.

require 'json'
require 'open3'
require 'timeout'

def attempt
  Timeout.timeout(20) { yield }
rescue StandardError => e
  { error: e.message.lines.first.to_s.strip }
end

def redis(command) = Sidekiq.redis { |connection| connection.call(*command) }

# Rails makes numbers and truth of some columns.
def rows(query)
  found = ActiveRecord::Base.connection.raw_connection.exec(query).values
  found.map { |row| row.map { |value| value&.to_s } }
end

def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def send_through(job)
  redis(job['push'])
  began = clock
  state = 'waiting'
  while state == 'waiting' && clock - began < job['seconds']
    state = redis(job['look'])
    sleep 0.05 if state == 'waiting'
  end
  took = clock - began
  redis(job['take_back']) if state == 'waiting'
  until state != 'gone' || clock - began - took > 0.3
    sleep 0.05
    state = redis(job['look'])
  end
  { state: state, ms: (took * 1000).round }
end

asked = JSON.parse(ENV.fetch('MASTO_QUESTIONS'))
answers = {
  sql: asked['sql'].map { |query| attempt { { rows: rows(query) } } },
  redis: asked['redis'].map { |command| attempt { { value: redis(command) } } },
  commands: asked['commands'].map do |words|
    attempt do
      printed, complaint, status = Open3.capture3(*words)
      status.success? ? { printed: printed } : { error: "exit status #{status.exitstatus}: #{complaint.lines.first.to_s.strip}" }
    end
  end,
  job: attempt { send_through(asked['job']) }
}
parts = JSON.generate(answers, ascii_only: true).scan(/.{1,4000}/)
parts.each.with_index(1) { |part, number| puts "masto-answer #{number}/#{parts.size} #{part}" }
