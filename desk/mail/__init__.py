"""The wire: messages in and out, threads, quotes, machines. Nothing here judges or stores."""
