5.8s * both replicas are killed and start again after 12 s
8.8s mark epoch 1 n 3 w 0: Relaxed
8.9s quorum s-0 epoch 1 n 3 w 0
17.9s describe s-2 unreadable unjoined
18.0s describe s-1 unreadable unjoined
18.1s prepare s-1 s-2
18.2s join s-1 s-2 to s-0
20.0s quorum s-0 epoch 1 n 3 w 1
20.2s mark epoch 1 n 3 w 1: QuorumChanged
20.3s describe s-1 readable joined, s-2 readable joined
no acknowledged write is lost
